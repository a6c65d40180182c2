using System.Text.Json;

namespace AccioKestrel.Checker;

/// <summary>
/// The emulated checks in a network namespace of their own, where the kernel itself delays and loses packets: by netem, or, where the kernel has
/// none, by iptables for the losses and the relay for the delay. No rights are needed where users may make namespaces.
/// </summary>
internal static class NetworkNamespace
{
    private const string Script =
        """
        ip link set lo up || exit 3
        if tc qdisc add dev lo root netem loss 5% delay 100ms 2>/dev/null; then inside=inside-netem
        else iptables -A INPUT -i lo -m statistic --mode random --probability 0.05 -j DROP && inside=inside-iptables || exit 3
        fi
        exec "$@" --emulate "$inside" -- COMMAND
        """;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    /// <summary>Runs both emulated checks there.</summary>
    /// <returns>The report of that run.</returns>
    public static async Task<JsonElement> RunAsync(CheckContext context)
    {
        context.Expect("the emulated checks in a network namespace");
        var file = context.Own(new TemporaryFile());
        var script = Script.Replace("COMMAND", string.Join(' ', context.Target.Command.Select(Report.Quoted)), StringComparison.Ordinal);
        // This program once more, and in it one run of the server, which has its own limit.
        var memory = CheckTarget.DefaultMemory + (long)context.Target.Memory;
        string[] command =
        [
            "unshare", "--user", "--map-root-user", "--net", "/bin/sh", "-c", script, "sh",
            .. Self(), "server", "--only", "emulated,emulated-value", "--seed", CheckContext.Number(context.RunSeed), "--memory", CheckContext.Number(context.Target.Memory), "--report", $"json={file.Path}",
        ];
        var program = context.Own(new ProgramRun(command, memory));
        var code = await program.ExitAsync(s_limit);
        if (code is not (0 or 1) || !File.Exists(file.Path))
        {
            var words = program.Errors.Text.Trim();
            throw FindingException.Unavailable($"no network namespace (code {code}): {(words.Length > 0 ? Accio.Printable(words) : "unshare, ip, and tc or iptables are needed, and the right to use them")}");
        }

        await using var stream = File.OpenRead(file.Path);
        using var report = await JsonDocument.ParseAsync(stream);
        return report.RootElement.Clone();
    }

    /// <summary>Throws what one of the checks has found there.</summary>
    public static async Task AdoptAsync(CheckContext context, JsonElement report, string id)
    {
        var check = report.GetProperty("checks").EnumerateArray().Single(check => string.Equals(check.GetProperty("id").GetString(), id, StringComparison.Ordinal));
        foreach (var part in check.GetProperty("parts").EnumerateArray())
        {
            await context.PartAsync(part.GetProperty("name").GetString()!, () => Task.FromResult(part.GetProperty("detail").GetString()!));
        }

        var verdict = Enum.GetValues<Verdict>().First(verdict => string.Equals(verdict.Name(), check.GetProperty("verdict").GetString(), StringComparison.Ordinal));
        if (verdict is not Verdict.Pass)
        {
            throw new FindingException(verdict, new Finding(
                check.GetProperty("expected").GetString(), check.GetProperty("seen").GetString() ?? "", check.GetProperty("hint").GetString()));
        }
    }

    /// <summary>How this program is started once more: a native or an ordinary one, or by <c>dotnet accio-check.dll</c>.</summary>
    private static string[] Self()
    {
        var host = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(host) is "dotnet" ? [host, Path.Combine(AppContext.BaseDirectory, "accio-check.dll")] : [host];
    }
}
