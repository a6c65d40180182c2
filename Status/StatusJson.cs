using System.Net.ServerSentEvents;
using System.Text.Json.Serialization;

namespace AccioKestrel.Status;

/// <summary>Generated serialization, because the native program has no reflection for it.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(SseItem<StatusReport>))]
internal sealed partial class StatusJson : JsonSerializerContext;
