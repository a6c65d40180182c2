using System.Runtime.CompilerServices;
using Xunit.Sdk;
using Xunit.v3;

// Most tests wait for processes and time-outs and hardly compute, so there are more of them at once than this machine has processors. None
// asserts how fast the machine is: see OwnWaiting.
[assembly: TestCollectionOrderer(typeof(AccioKestrel.Tests.BuildsFirst))]
[assembly: Parallelization(Mode = ParallelMode.All, MaxThreads = AccioKestrel.Tests.TestRun.TestsAtOnce)]

namespace AccioKestrel.Tests;

/// <summary>What holds for the run as a whole.</summary>
internal static class TestRun
{
    public const int TestsAtOnce = 12;

    [ModuleInitializer]
    internal static void Begin()
    {
        PortableBranches.ForceInThisProcess();
        // The pool begins with a thread for each processor, and makes others only twice a second. A server in the tests' own process blocks
        // some, and a test must not wait for another one's.
        ThreadPool.GetMinThreads(out _, out var completionPorts);
        ThreadPool.SetMinThreads(4 * TestsAtOnce, completionPorts);
        SignalExtensions.IgnoreForThisProcessAlone();
    }
}
