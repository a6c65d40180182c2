using System.Text.Json;
using System.Text.Json.Serialization;

namespace AccioKestrel.Server;

/// <summary>Generated serialization of the file of results, because the native program has no reflection for it.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, NumberHandling = JsonNumberHandling.Strict, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ResultLine))]
internal sealed partial class ResultsJson : JsonSerializerContext;
