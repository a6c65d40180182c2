namespace AccioKestrel.Fuzz;

/// <summary>A <see cref="ScriptReader"/> that can discard.</summary>
internal sealed class DiscardingScriptReader(Script script, ScriptTime time, Action stop) : ScriptReader(script, time, stop), IDiscardingReader
{
    public ValueTask<DiscardResult> DiscardAsync()
    {
        while (Unread == 0 && !Ended && !IsCanceled)
        {
            Play();
        }

        var count = Unread;
        ForgetAll();
        return ValueTask.FromResult(new DiscardResult(count, TakeCanceled(), Ended));
    }
}
