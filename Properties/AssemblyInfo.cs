using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("AccioKestrel.Tests")]
[assembly: InternalsVisibleTo("AccioKestrel.Benchmarks")]
[assembly: InternalsVisibleTo("AccioKestrel.Fuzz")]
