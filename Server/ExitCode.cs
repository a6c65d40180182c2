namespace AccioKestrel.Server;

/// <summary>The program's exit codes.</summary>
internal static class ExitCode
{
    /// <summary>Stopped by a signal, or showed its help, its version, or a configuration without an error.</summary>
    public const int Success = 0;

    /// <summary>Could not start, or could not write a result; standard error begins with, or holds, <c>ERROR:</c>.</summary>
    public const int Failure = 1;
}
