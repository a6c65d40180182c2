using System.Diagnostics.CodeAnalysis;
using System.Runtime.Versioning;

namespace AccioKestrel.Interop;

/// <summary>Tells whether the calls that only Linux has are used, or the portable ones of the runtime.</summary>
internal static class Platform
{
    /// <summary>Set in the runtime configuration of the tests, so that they run the portable branches on Linux. The native binary has only those of its system.</summary>
    public const string PortableSwitch = "AccioKestrel.Portable";

    /// <summary>Computed once: the compiler then leaves out the branches of other systems.</summary>
    [SupportedOSPlatformGuard("linux")]
    public static bool HasLinuxCalls { get; } = OperatingSystem.IsLinux() && !IsForcedPortable;

    [FeatureSwitchDefinition(PortableSwitch)]
    private static bool IsForcedPortable => AppContext.TryGetSwitch(PortableSwitch, out var isPortable) && isPortable;
}
