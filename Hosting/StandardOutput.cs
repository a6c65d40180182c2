using System.Runtime.Versioning;
using System.Text;
using AccioKestrel.Exchange;
using AccioKestrel.Interop;
using AccioKestrel.Transport;
using Microsoft.Extensions.Hosting;

namespace AccioKestrel.Hosting;

/// <summary>
/// Prints each result as one line on standard output, at once and in one write. If a line cannot be written, it is reported as lost,
/// and the application stops.
/// </summary>
/// <remarks>
/// Not by <see cref="Console.Out"/>: it ignores a closed pipe, so <c>| head -1</c> would lose results silently. Not by a
/// <see cref="FileStream"/>: it writes at its own offset, and would overwrite what other processes append to the same file. The write
/// blocks until the reader has taken the line, without a time-out: a late line is not lost.
/// </remarks>
internal sealed class StandardOutput(IHostApplicationLifetime lifetime, BoundListeners listeners, LostResults lost) : IBlockingReceiver, IDisposable
{
    private const string NotRead = "it is not being read, and the server has stopped";

    /// <summary>How often a wait for the reader checks whether the application stops. After a stop the wait goes on for one more interval.</summary>
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    private readonly bool _isOpen = Libc.IsInherited(Libc.StandardOutput);
    private readonly UnwrittenResult _unwritten = new(lost, "standard output");

    /// <summary><see cref="WaitUntilWritable"/>, made once and not for each result.</summary>
    private Action? _wait;

    public ValueTask ReceiveAsync(CompletedExchange result, CancellationToken cancellationToken)
    {
        Write(result.Line);
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Called at the end of the host. Reports the result of a write that is still blocked: another process has filled the pipe between
    /// the check for room and the write. On Windows there is none, because the wait for the write has been given up.
    /// </summary>
    public void Dispose() => _unwritten.ReportLost(NotRead);

    private void Write(string line)
    {
        _unwritten.Begin(line);
        try
        {
            // 19 digits of a positive long, and the line feed.
            Span<byte> bytes = stackalloc byte[20];
            var length = Encoding.ASCII.GetBytes(line, bytes);
            bytes[length] = (byte)'\n';
            WriteAll(bytes[..(length + 1)]);
            _unwritten.End();
        }
        catch (IOException exception)
        {
            _unwritten.ReportLost(exception.Message);
        }
    }

    private void WriteAll(ReadOnlySpan<byte> bytes)
    {
        if (!_isOpen)
        {
            throw new IOException("it was closed when the server was started");
        }

        if (OperatingSystem.IsWindows())
        {
            WriteOnAnotherThread(bytes.ToArray());
            return;
        }

        Libc.WriteAll(Libc.StandardOutput, bytes, _wait ??= WaitUntilWritable);
    }

    [UnsupportedOSPlatform("windows")]
    private void WaitUntilWritable() => WaitForReader(interval => Libc.WaitUntilWritable(Libc.StandardOutput, interval));

    /// <summary>
    /// Windows has no wait for room in a pipe. A write that was given up is still pending, so its line can be printed before the process ends.
    /// </summary>
    [SupportedOSPlatform("windows")]
    private void WriteOnAnotherThread(byte[] bytes)
    {
        var write = Kernel32.WriteAsync(Libc.StandardOutput, bytes);
        WaitForReader(interval => Task.WaitAny([write], interval) == 0);
        write.GetAwaiter().GetResult();
    }

    /// <summary>Waits until the reader has made room. Gives up after a stop, which a blocked write would delay.</summary>
    /// <param name="isReady">Waits up to the given time. True when there is room; on Windows when the line is written.</param>
    /// <exception cref="IOException">The application stops.</exception>
    private void WaitForReader(Func<TimeSpan, bool> isReady)
    {
        for (var wasStopping = false; !isReady(s_interval);)
        {
            // A server that waits for its reader does not hang.
            listeners.Heartbeat.Beat();
            if (wasStopping)
            {
                throw new IOException(NotRead);
            }

            wasStopping = lifetime.ApplicationStopping.IsCancellationRequested;
        }
    }
}
