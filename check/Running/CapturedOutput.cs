using System.Text;

namespace AccioKestrel.Checker;

/// <summary>What a process has written to one of its streams, up to a limit. What is beyond it is read and dropped, so that the process is not held up.</summary>
internal sealed class CapturedOutput
{
    private const int Kept = 256 * 1024;

    /// <summary>Bytes after which a process is one that writes without end.</summary>
    private const long Endless = 32 * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly StringBuilder _text = new();
    private readonly Action _onEndless;
    private TaskCompletionSource _more = NewSignal();
    private long _length;

    /// <param name="stream">The stream, read to its end.</param>
    /// <param name="onEndless">Called once when the process writes without end.</param>
    public CapturedOutput(Stream stream, Action onEndless)
    {
        _onEndless = onEndless;
        Ended = CaptureAsync(stream);
    }

    /// <summary>Completed when every process that holds the stream has closed it.</summary>
    public Task Ended { get; }

    /// <summary>Completed when more has come since the last call.</summary>
    public Task More => Volatile.Read(ref _more).Task;

    public string Text
    {
        get
        {
            lock (_lock)
            {
                return _text.ToString();
            }
        }
    }

    /// <summary>The complete lines.</summary>
    public string[] Lines
    {
        get
        {
            var lines = Text.Split('\n');
            return lines[..^1].Select(line => line.TrimEnd('\r')).ToArray();
        }
    }

    private async Task CaptureAsync(Stream stream)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await stream.ReadAsync(buffer) is > 0 and var count)
            {
                lock (_lock)
                {
                    _text.Append(Encoding.Latin1.GetString(buffer, 0, Math.Min(count, Kept - _text.Length)));
                }

                if (_length <= Endless && Interlocked.Add(ref _length, count) > Endless)
                {
                    _onEndless();
                }

                Interlocked.Exchange(ref _more, NewSignal()).SetResult();
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The run is over.
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
