using System.Diagnostics;
using System.Globalization;

namespace AccioKestrel.Testing;

/// <summary>
/// Measures how long a server and its client wait by the server's own decision, such as a time-out. A slow or busy machine only adds time in
/// which a thread works, or is ready to work and waits for a processor. The kernel counts both for each thread (schedstat in proc(5)), so they
/// can be subtracted. A virtual machine that stands still counts nothing: a thread that only sleeps shows by how much its sleeps are too long,
/// and that is subtracted as well. The rest can have an upper limit on any machine.
/// </summary>
internal static class OwnWaiting
{
    private const string CurrentThread = "/proc/thread-self";

    /// <param name="server">The process of the server.</param>
    /// <param name="client">All that the client does. It has a thread of its own, and blocks it where it waits.</param>
    /// <returns>The time from the beginning to the end, and the part of it that was waiting: zero where the kernel does not count.</returns>
    public static Task<(TimeSpan Elapsed, TimeSpan Waited)> MeasureAsync(int server, Action client)
    {
        Needs.Linux("the kernel's count of the time in which a thread was ready");
        return Task.Factory.StartNew(
            () =>
            {
                var before = BusyTimes(server);
                using var sleeper = new Sleeper();
                var (begun, busy) = (Stopwatch.GetTimestamp(), BusyTime(CurrentThread));
                client();
                var elapsed = Stopwatch.GetElapsedTime(begun);
                var machine = BusyTime(CurrentThread) - busy + sleeper.Overslept;
                foreach (var (thread, time) in BusyTimes(server))
                {
                    machine += time - (before.TryGetValue(thread, out var earlier) ? earlier : TimeSpan.Zero);
                }

                return (elapsed, machine is { } known && known < elapsed ? elapsed - known : TimeSpan.Zero);
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    private static Dictionary<string, TimeSpan> BusyTimes(int process)
    {
        var times = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        foreach (var thread in Directory.GetDirectories($"/proc/{process}/task"))
        {
            if (BusyTime(thread) is { } time)
            {
                times.Add(thread, time);
            }
        }

        return times;
    }

    /// <summary>How long a thread has worked or waited for a processor so far. Null if it has ended, or the kernel does not count.</summary>
    private static TimeSpan? BusyTime(string thread)
    {
        try
        {
            var fields = File.ReadAllText($"{thread}/schedstat").Split(' ');
            return TimeSpan.FromMicroseconds((Number(fields[0]) + Number(fields[1])) / 1000);
        }
        catch (IOException)
        {
            return null;
        }

        static long Number(string field) => long.Parse(field, CultureInfo.InvariantCulture);
    }

    /// <summary>A thread that only sleeps, for a short time again and again.</summary>
    private sealed class Sleeper : IDisposable
    {
        private static readonly TimeSpan s_sleep = TimeSpan.FromMilliseconds(10);

        private readonly Thread _thread;
        private long _overslept;
        private volatile bool _isOver;

        public Sleeper()
        {
            _thread = new Thread(Sleep) { IsBackground = true };
            _thread.Start();
        }

        /// <summary>The sum of what was too long in each sleep.</summary>
        public TimeSpan Overslept => TimeSpan.FromTicks(Interlocked.Read(ref _overslept));

        public void Dispose()
        {
            _isOver = true;
            _thread.Join();
        }

        private void Sleep()
        {
            while (!_isOver)
            {
                var begun = Stopwatch.GetTimestamp();
                Thread.Sleep(s_sleep);
                Interlocked.Add(ref _overslept, (Stopwatch.GetElapsedTime(begun) - s_sleep).Ticks);
            }
        }
    }
}
