using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using AccioKestrel.Diagnostics;
using AccioKestrel.Exchange;
using AccioKestrel.Hosting;
using Microsoft.Extensions.Logging;

namespace AccioKestrel.Server;

/// <summary>
/// Appends each result to a file, as one line of JSON. If the file was moved or deleted, the next result opens it again; so does
/// SIGHUP, at once. A result that cannot be written is reported as lost, and the server stops, as with standard output.
/// </summary>
internal sealed class ResultsFile : IBlockingReceiver, IDisposable
{
    /// <summary>Quotation marks of reasons stay legible. The lines are no part of a web page.</summary>
    private static readonly JsonWriterOptions s_format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _path;
    private readonly bool _isSynced;
    private readonly UnwrittenResult _unwritten;
    private readonly ILogger _logger;
    private readonly ArrayBufferWriter<byte> _line = new();

    /// <summary>SIGHUP comes on another thread than results.</summary>
    private readonly Lock _lock = new();

    private AppendedFile _file;

    private bool _hasWarned;

    /// <exception cref="StartException">The file cannot be opened.</exception>
    public ResultsFile(string path, bool isSynced, LostResults lost, ILogger logger)
    {
        _path = path;
        _isSynced = isSynced;
        _unwritten = new UnwrittenResult(lost, path);
        _logger = logger;
        try
        {
            // Opening a file of a network can block for ever.
            _file = SlowFile.RunUnlessStopped($"open {path}", () => new AppendedFile(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotOpen(path, exception.Message, exception);
        }

        EarlierLength = _file.Length;
        AccioLog.ResultsAppended(logger, path);
        ReloadSignal.Add(Reopen);
    }

    /// <summary>
    /// Looks whether the file can be opened, and leaves no trace. A file that does not exist is not created: a server that is running may
    /// open it at that moment. One of another name shows whether the directory takes files.
    /// </summary>
    /// <exception cref="StartException">The file cannot be opened.</exception>
    public static void Check(string path)
    {
        var probe = $"{path}.{Guid.NewGuid():N}";
        try
        {
            using var file = SlowFile.RunUnlessStopped($"open {path}", () => Path.Exists(path)
                ? File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete)
                : File.OpenHandle(probe, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, FileOptions.DeleteOnClose));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotOpen(path, exception.Message.Replace(probe, path, StringComparison.Ordinal), exception);
        }
    }

    /// <summary>The length of the file at the start: everything after it is of this run.</summary>
    public long EarlierLength { get; }

    public ValueTask ReceiveAsync(CompletedExchange result, CancellationToken cancellationToken)
    {
        _unwritten.Begin(result.Line);
        _line.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_line, s_format))
        {
            JsonSerializer.Serialize(json, ResultLine.Of(result), ResultsJson.Default.ResultLine);
        }

        _line.Write("\n"u8);
        try
        {
            lock (_lock)
            {
                if (!_file.IsAt(_path))
                {
                    Reopen();
                    if (_file.IsDeleted(_path))
                    {
                        throw new IOException("it is gone, and cannot be created again");
                    }
                }

                _file.Append(_line.WrittenSpan);
                if (_isSynced)
                {
                    _file.Sync();
                }
            }

            _unwritten.End();
        }
        catch (IOException exception)
        {
            _unwritten.ReportLost(exception.Message);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Called at the end of the host. Reports the result of a write that is still blocked.</summary>
    public void Dispose()
    {
        ReloadSignal.Remove(Reopen);
        _unwritten.ReportLost("the write had not ended when the server stopped");
        _file.Dispose();
    }

    private static StartException CannotOpen(string path, string reason, Exception exception) =>
        new($"--results {path} cannot be opened to append to it: {reason}", exception);

    /// <summary>Opens the file again. If that fails, results go on into the one that is open.</summary>
    private void Reopen()
    {
        lock (_lock)
        {
            try
            {
                var file = new AppendedFile(_path);
                _file.Dispose();
                _file = file;
                _hasWarned = false;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                if (!_hasWarned)
                {
                    _hasWarned = true;
                    AccioLog.ResultsNotReopened(_logger, _path, exception.Message);
                }
            }
        }
    }
}
