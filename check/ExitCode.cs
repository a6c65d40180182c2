namespace AccioKestrel.Checker;

/// <summary>How this program ends.</summary>
internal static class ExitCode
{
    public const int Passed = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Environment = 3;
    public const int Interrupted = 130;
}
