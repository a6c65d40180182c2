using System.Net.ServerSentEvents;
using System.Text.Json.Serialization;

namespace AccioKestrel;

/// <summary>Serializes without reflection, which the native program has none of.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(SseItem<StatusReport>))]
internal sealed partial class StatusJson : JsonSerializerContext;
