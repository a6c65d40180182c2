using System.Text;

namespace AccioKestrel.Testing;

/// <summary>All that a process writes to one of its output streams, byte by byte, and a signal whenever there is more.</summary>
internal sealed class CapturedStream
{
    private readonly string _name;
    private readonly StringBuilder _text = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource _more = NewSignal();

    public CapturedStream(string name, Stream stream)
    {
        _name = name;
        // A thread of its own: the stream is a pipe, whose asynchronous read would block a thread of the pool for as long as the process
        // lives. Two for each process are more than the pool has, and it makes others only twice a second.
        Ended = Task.Factory.StartNew(() => Capture(stream), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Completes when the last process that holds the stream has closed it.</summary>
    public Task Ended { get; }

    public override string ToString()
    {
        lock (_lock)
        {
            return _text.ToString();
        }
    }

    /// <summary>Waits until the text meets the condition; fails when the stream has ended without it.</summary>
    public async Task<string> WaitUntilAsync(Predicate<string> wanted)
    {
        while (true)
        {
            // Taken in this order, so that no signal is missed.
            var (more, ended, text) = (Volatile.Read(ref _more).Task, Ended.IsCompleted, ToString());
            if (wanted(text))
            {
                return text;
            }

            Assert.False(ended, $"{_name} ended with:\n{text}");
            try
            {
                await Task.WhenAny(more, Ended).OrGiveUp();
            }
            catch (TimeoutException)
            {
                Assert.Fail($"{_name} stayed at:\n{this}");
            }
        }
    }

    /// <summary>Waits until there is so much text, or an end, and returns that part of it.</summary>
    public async Task<string> ReadAsync(int start, int length)
    {
        while (true)
        {
            var (more, ended) = (Volatile.Read(ref _more).Task, Ended.IsCompleted);
            lock (_lock)
            {
                if (_text.Length >= start + length || ended)
                {
                    return _text.ToString(start, Math.Min(length, _text.Length - start));
                }
            }

            await Task.WhenAny(more, Ended).OrGiveUp();
        }
    }

    private void Capture(Stream stream)
    {
        var buffer = new byte[4096];
        while (stream.Read(buffer) is > 0 and var count)
        {
            lock (_lock)
            {
                _text.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }

            Interlocked.Exchange(ref _more, NewSignal()).SetResult();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
