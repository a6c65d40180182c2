using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace AccioKestrel.Fuzz;

/// <summary>
/// Starts the program with combinations of options, variables and files. Each must become a running server, an answer on
/// standard output, or exit code 1 with one line on standard error that begins with <c>ERROR:</c>.
/// </summary>
internal sealed class ConfigurationFuzzing : IDisposable
{
    private const int LowestPort = 31_000;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly string _server;
    private readonly string _folder = Directory.CreateTempSubdirectory("accio-config-").FullName;
    private int _running;
    private int _answered;
    private int _refused;
    private int _wrong;

    /// <param name="server">The program.</param>
    public ConfigurationFuzzing(string server)
    {
        _server = Path.GetFullPath(server);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var otherKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(PathOf("certificate.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(PathOf("key.pem"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(PathOf("other-key.pem"), otherKey.ExportPkcs8PrivateKeyPem());
    }

    /// <returns>The exit code: 0 if all cases ended as they must.</returns>
    public int Run(int count, int seed)
    {
        var clock = Stopwatch.StartNew();
        var next = -1;
        // Threads, because each waits for processes most of the time.
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(number => new Thread(() =>
        {
            using var worker = new Worker(this, number);
            for (int i; (i = Interlocked.Increment(ref next)) < count;)
            {
                worker.Try(unchecked((seed * 1_000_003) + i));
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Console.WriteLine(
            $"{count} starts in {clock.Elapsed.TotalSeconds:0} s: {_running} servers, {_refused} errors, {_answered} answers, {_wrong} wrong");
        return _wrong == 0 && _running > 0 && _refused > 0 ? 0 : 1;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string PathOf(string name) => Path.Combine(_folder, name);

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);

    /// <summary>Runs one case after the other, on its own ports and in its own folder.</summary>
    private sealed class Worker : IDisposable
    {
        private readonly ConfigurationFuzzing _fuzzing;
        private readonly int _number;
        private readonly string _notifications;

        // The start is seen by systemd's protocol, because the log may be off.
        private readonly Socket _notified = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

        /// <param name="fuzzing">Counts the outcomes.</param>
        /// <param name="number">Selects its own ports and files.</param>
        public Worker(ConfigurationFuzzing fuzzing, int number)
        {
            _fuzzing = fuzzing;
            _number = number;
            _notifications = fuzzing.PathOf($"notify-{_number}");
            _notified.Bind(new UnixDomainSocketEndPoint(_notifications));
        }

        public void Dispose() => _notified.Dispose();

        public void Try(int seed)
        {
            var given = ConfigurationCase.Make(seed);
            var folder = Directory.CreateDirectory(_fuzzing.PathOf($"case-{_number}")).FullName;
            var start = new ProcessStartInfo(_fuzzing._server, given.Arguments.Select(Fill))
            {
                WorkingDirectory = folder,
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment.Clear();
            start.Environment["NOTIFY_SOCKET"] = _notifications;
            foreach (var (name, value) in given.Environment)
            {
                start.Environment[name] = Fill(value);
            }

            if (given.File is not null)
            {
                // Half a surrogate pair becomes a replacement character.
                File.WriteAllText(Path.Combine(folder, given.FileName), Fill(given.File), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            }

            var problem = Judge(start);
            if (problem is not null)
            {
                Interlocked.Increment(ref _fuzzing._wrong);
                lock (_fuzzing)
                {
                    Console.WriteLine($"WRONG: {problem}");
                    Console.WriteLine($"  {string.Join(' ', given.Environment.Select(pair => $"{pair.Key}='{pair.Value}'"))} AccioKestrel {string.Join(' ', given.Arguments.Select(argument => $"'{argument}'"))}");
                    Console.WriteLine($"  {given.FileName}: {given.File}");
                }
            }

            Directory.Delete(folder, recursive: true);
        }

        /// <returns>What is wrong with what it did, or null.</returns>
        private string? Judge(ProcessStartInfo start)
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            var isRunning = IsRunning(process);
            if (isRunning)
            {
                _ = Kill(process.Id, signal: 15);
            }

            if (!process.WaitForExit(s_patience))
            {
                process.Kill();
                return $"it neither ran nor ended within {s_patience.TotalSeconds:0} s, or did not stop (running: {isRunning}): {errors.Result}";
            }

            var text = errors.Result;
            if (isRunning)
            {
                Interlocked.Increment(ref _fuzzing._running);
                return process.ExitCode == 0 && output.Result.Length == 0 && !text.Contains("   at ", StringComparison.Ordinal)
                    ? null : $"the server ended with code {process.ExitCode}: {text}{output.Result}";
            }

            if (output.Result.Length > 0)
            {
                Interlocked.Increment(ref _fuzzing._answered);
                return process.ExitCode == 0 && !text.Contains("ERROR: ", StringComparison.Ordinal) ? null : $"an answer and code {process.ExitCode}: {text}";
            }

            Interlocked.Increment(ref _fuzzing._refused);
            return process.ExitCode == 1 && text.StartsWith("ERROR: ", StringComparison.Ordinal) && text.IndexOf('\n', StringComparison.Ordinal) == text.Length - 1
                ? null : $"code {process.ExitCode}: {text}";
        }

        private bool IsRunning(Process process)
        {
            var message = new byte[1024];
            for (var clock = Stopwatch.StartNew(); clock.Elapsed < s_patience;)
            {
                // A process that has ended may have sent its notification before, so check once more.
                var hasExited = process.HasExited;
                while (_notified.Poll(hasExited ? TimeSpan.Zero : TimeSpan.FromMilliseconds(5), SelectMode.SelectRead))
                {
                    var text = Encoding.UTF8.GetString(message, 0, _notified.Receive(message));
                    if (text.Contains("READY=1", StringComparison.Ordinal) && !hasExited)
                    {
                        return true;
                    }
                }

                if (hasExited)
                {
                    return false;
                }
            }

            return false;
        }

        /// <summary>Replaces the placeholders by ports and files of this run.</summary>
        private string Fill(string text) => text
            .Replace("{certificate}", _fuzzing.PathOf("certificate.pem"), StringComparison.Ordinal)
            .Replace("{key}", _fuzzing.PathOf("key.pem"), StringComparison.Ordinal)
            .Replace("{other key}", _fuzzing.PathOf("other-key.pem"), StringComparison.Ordinal)
            .Replace("{port}", (LowestPort + (2 * _number)).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{status}", (LowestPort + (2 * _number) + 1).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }
}
