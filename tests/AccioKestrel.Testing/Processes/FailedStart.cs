namespace AccioKestrel.Testing;

/// <summary>A failed start: exit code 1, one sentence on standard error, and no other output.</summary>
internal static class FailedStart
{
    /// <param name="command">The program, or a script that becomes it.</param>
    /// <param name="reason">What the sentence must say.</param>
    public static async Task ExpectAsync(ChildProcess command, string reason = "")
    {
        var code = await command.ExitAsync();
        var errors = command.Errors.ToString();
        Assert.True(code == 1, $"Exit code {code}:\n{errors}");
        Assert.StartsWith("ERROR: ", errors, StringComparison.Ordinal);
        Assert.Contains(reason, errors, StringComparison.Ordinal);
        Assert.Equal(errors.Length - 1, errors.IndexOf('\n', StringComparison.Ordinal));
        Assert.Empty(command.Output.ToString());
    }

    /// <summary>Runs a shell script that starts the program as <c>"$0" "$@"</c>, the port included.</summary>
    public static async Task ExpectAsync(string script, string reason, params (string Name, string Value)[] environment)
    {
        await using var command = new ChildProcess("/bin/bash", ["-c", script, AccioServer.Binary, AccioServer.Number(AccioServer.FreePort())], environment);
        await ExpectAsync(command, reason);
    }

    /// <summary>Runs the program with these options, separated by spaces.</summary>
    public static async Task ExpectOptionsAsync(string options, string reason, params (string Name, string Value)[] environment)
    {
        await using var command = new ChildProcess(
            AccioServer.Binary, [AccioServer.Number(AccioServer.FreePort()), .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)], environment);
        await ExpectAsync(command, reason);
    }
}
