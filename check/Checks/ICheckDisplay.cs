namespace AccioKestrel.Checker;

/// <summary>Shows how far the checks are.</summary>
internal interface ICheckDisplay
{
    void Started(Check check, CheckContext context);

    void Ended(CheckResult result);
}
