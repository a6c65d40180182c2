namespace AccioKestrel.Diagnostics;

/// <summary>The meter of all instruments.</summary>
internal static class AccioMeter
{
    /// <summary>The name by which exporters and tools choose the meter.</summary>
    public const string Name = "AccioKestrel";
}
