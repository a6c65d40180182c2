using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Hosting;

namespace AccioKestrel;

/// <summary>
/// Prints each result as one line on standard output, in one write, at once. If a line cannot be written, standard
/// error names it behind <c>ERROR:</c>, the application stops, and its exit code is 1.
/// </summary>
/// <remarks>
/// Not by <see cref="Console.Out"/>, which takes a closed pipe for success, so that <c>| head -1</c> would lose counts
/// silently. Not by a <see cref="FileStream"/> either, which writes at an offset of its own and would overwrite what
/// others append to the same redirected file.
/// </remarks>
internal sealed class StandardOutput(IHostApplicationLifetime lifetime) : IResultOutput, IDisposable
{
    private readonly bool _isOpen = Libc.IsInherited(Libc.StandardOutput);
    private string? _unwritten;

    public void Write(ExchangeOutcome outcome)
    {
        var line = outcome.ToString();
        Volatile.Write(ref _unwritten, line);
        try
        {
            // A number of 64 bits has 19 digits at the most.
            Span<byte> bytes = stackalloc byte[20];
            var length = Encoding.ASCII.GetBytes(line, bytes);
            bytes[length] = (byte)'\n';
            WriteAll(bytes[..(length + 1)]);
            Volatile.Write(ref _unwritten, null);
        }
        catch (IOException exception)
        {
            Volatile.Write(ref _unwritten, null);
            Fail(line, exception.Message);
            lifetime.StopApplication();
        }
    }

    /// <summary>The end of the host: a write that still waits for its reader will not come to an end any more.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _unwritten, null) is { } line)
        {
            Fail(line, "nobody reads it, and the server has stopped");
        }
    }

    private static void Fail(string line, string reason)
    {
        Environment.ExitCode = ExitCode.Failure;
        StandardError.Write($"The result {line} could not be written to standard output: {reason}.");
    }

    private void WriteAll(ReadOnlySpan<byte> bytes)
    {
        if (!_isOpen)
        {
            throw new IOException("it was closed when the server was started");
        }

        if (OperatingSystem.IsWindows())
        {
            using var stream = Console.OpenStandardOutput();
            stream.Write(bytes);
            return;
        }

        while (!bytes.IsEmpty)
        {
            var written = Libc.Write(Libc.StandardOutput, bytes, bytes.Length);
            if (written >= 0)
            {
                bytes = bytes[(int)written..];
                continue;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error == Libc.WouldBlock)
            {
                // Whoever shares this pipe or terminal made it non-blocking; that is no reason to lose a line.
                Libc.WaitUntilWritable(Libc.StandardOutput);
            }
            else if (error != Libc.Interrupted)
            {
                throw new IOException(Marshal.GetPInvokeErrorMessage(error));
            }
        }
    }
}
