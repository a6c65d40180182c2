namespace AccioKestrel.Checker;

/// <summary>Shows nothing: many submissions at a time would only talk over each other.</summary>
internal sealed class NoDisplay : ICheckDisplay
{
    public void Started(Check check, CheckContext context)
    {
    }

    public void Ended(CheckResult result)
    {
    }
}
