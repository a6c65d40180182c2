using SharpFuzz;

namespace AccioKestrel.Fuzz;

/// <summary>Rewrites an assembly so that each branch it takes is counted in a map.</summary>
internal static class Instrumentation
{
    public static void Apply(string assembly) => Fuzzer.Instrument(assembly, IsOfTheExchange, Options.Value);

    /// <summary>The code that the input reaches; the rest would only dilute the map.</summary>
    private static bool IsOfTheExchange(string type) =>
        type.StartsWith("AccioKestrel.AccioConnectionHandler", StringComparison.Ordinal)
        || type.StartsWith("AccioKestrel.Exchange", StringComparison.Ordinal)
        || type.StartsWith("AccioKestrel.Hosting.Proxy", StringComparison.Ordinal);
}
