using AccioKestrel.Tests.Check;
using AccioKestrel.Tests.EndToEnd;
using AccioKestrel.Tests.Packaging;
using Xunit.Sdk;
using Xunit.v3;

namespace AccioKestrel.Tests;

/// <summary>
/// Begins with the test classes that take minutes, most of them in builds or in other runs. At the end of a run they would be alone, with nothing beside them.
/// </summary>
internal sealed class BuildsFirst : ITestCollectionOrderer
{
    private static readonly string[] s_first = [.. new[] { typeof(ContainerTests), typeof(PackageTests), typeof(WineTests), typeof(WrongProgramTests), typeof(PortableBranchesTests) }.Select(type => type.FullName!)];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection => [.. testCollections.OrderByDescending(IsFirst)];

    private static bool IsFirst<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection =>
        Array.Exists(s_first, name => collection.TestCollectionDisplayName.EndsWith(name, StringComparison.Ordinal));
}
