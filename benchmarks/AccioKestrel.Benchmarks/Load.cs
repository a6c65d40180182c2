namespace AccioKestrel.Benchmarks;

/// <summary>What a server understands.</summary>
internal enum Load
{
    /// <summary>The protocol.</summary>
    Accio,

    /// <summary>Bytes up to the end of the stream.</summary>
    Raw,

    /// <summary>The protocol of iperf3, spoken by its own client.</summary>
    Iperf,
}
