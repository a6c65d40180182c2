using System.Text;

namespace AccioKestrel.Tests.EndToEnd;

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
        Ended = CaptureAsync(stream);
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

    /// <summary>Waits until the text is as wanted; fails when it cannot become so any more.</summary>
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

    private async Task CaptureAsync(Stream stream)
    {
        var buffer = new byte[4096];
        while (await stream.ReadAsync(buffer) is > 0 and var count)
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
