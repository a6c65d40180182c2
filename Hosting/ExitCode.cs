namespace AccioKestrel;

/// <summary>What the program tells its caller.</summary>
internal static class ExitCode
{
    /// <summary>Stopped by a signal, or showed its help or version.</summary>
    public const int Success = 0;

    /// <summary>Could not start, or could not write a result; standard error begins with, or holds, <c>ERROR:</c>.</summary>
    public const int Failure = 1;
}
