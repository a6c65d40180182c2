using System.Diagnostics.Metrics;

namespace AccioKestrel.Tests;

/// <summary>
/// Makes meters for what is made without a host. Each is disposed before it is used, so that its instruments are not published: the
/// process keeps published ones for ever, and a host of another test would look through those of a hundred thousand exchanges.
/// </summary>
internal sealed class TestMeters : IMeterFactory
{
    public static IMeterFactory Factory { get; } = new TestMeters();

    public Meter Create(MeterOptions options)
    {
        var meter = new Meter(options);
        meter.Dispose();
        return meter;
    }

    public void Dispose()
    {
    }
}
