using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace AccioKestrel.Tests;

/// <summary>A meter factory for what is made without a host.</summary>
internal static class TestMeters
{
    public static IMeterFactory Factory { get; } = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
}
