using AccioKestrel.Tests.Client;
using AccioKestrel.Tests.EndToEnd;
using AccioKestrel.Tests.Hosting;
using AccioKestrel.Tests.Transport;

namespace AccioKestrel.Tests;

/// <summary>What other systems use in place of Linux' own calls: see "By operating system" in docs/REFERENCE.md.</summary>
public sealed class PortableBranchesTests
{
    /// <summary>The tests that reach a portable branch: sockets, terminals, certificates, the file of results, the client. More of them would take longer than a minute.</summary>
    private static readonly Type[] s_classes =
    [
        typeof(SequentialListenerTests), typeof(BlockingConnectionTests),
        typeof(ExchangeTests), typeof(IdleTests), typeof(ErrorTests), typeof(QueueTests), typeof(SignalTests),
        typeof(TerminalTests), typeof(TerminalResultTests), typeof(OutputTests), typeof(ResultsFileTests), typeof(TlsHostTests),
        typeof(ClientTransferTests), typeof(ClientStreamTests), typeof(ClientFailureTests), typeof(ClientTerminalTests),
    ];

    [Fact]
    public async Task TestsOfWhatDiffersBySystem_PassOnThePortableBranches()
    {
        Needs.Linux("the branches of other systems are their own there");
        Assert.SkipWhen(PortableBranches.AreForced || !AccioServer.IsBuiltWithTheTests, "This run is already one of other branches or of another program.");

        // Fewer at a time than usual, because this run has others beside it.
        await using var run = new ChildProcess(
            Path.Combine(AppContext.BaseDirectory, "AccioKestrel.Tests"),
            ["-noLogo", "-noColor", "-maxThreads", "6", .. s_classes.SelectMany(type => new[] { "-class", type.FullName! })],
            ("ACCIO_PORTABLE", "1"));

        Assert.True(await run.ExitAsync(TimeSpan.FromMinutes(10)) == 0, $"{run.Output}{run.Errors}");
    }
}
