using System.Numerics;
using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace AccioKestrel.Fuzz;

/// <summary>Which branches of the instrumented assembly have been taken, and roughly how often: AFL's map and its classes.</summary>
internal sealed unsafe class Coverage
{
    private const int Size = 1 << 16;

    private readonly byte* _map = (byte*)NativeMemory.AllocZeroed(Size);
    private readonly byte[] _seen = new byte[Size];

    public Coverage() => Trace.SharedMem = _map;

    /// <summary>How many branches were ever taken.</summary>
    public int Branches => _seen.Count(count => count != 0);

    /// <summary>Clears the branches of the last execution.</summary>
    public void Clear()
    {
        new Span<byte>(_map, Size).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>Whether this execution took a branch that none had taken before, or took one in another class of times.</summary>
    public bool FoundNew()
    {
        var found = false;
        var words = new ReadOnlySpan<ulong>(_map, Size / sizeof(ulong));
        for (var word = words.IndexOfAnyExcept(0UL); word >= 0;)
        {
            for (var i = word * sizeof(ulong); i < (word + 1) * sizeof(ulong); i++)
            {
                // Counts fall into classes of 1, 2, 4, 8...: one more pass through a loop is not new, twice as many are.
                var times = _map[i] == 0 ? (byte)0 : (byte)(1 << BitOperations.Log2(_map[i]));
                found |= (times & ~_seen[i]) != 0;
                _seen[i] |= times;
            }

            var next = words[(word + 1)..].IndexOfAnyExcept(0UL);
            word = next < 0 ? -1 : word + 1 + next;
        }

        return found;
    }
}
