namespace AccioKestrel;

/// <summary>Where the results of exchanges go: one call per served connection, in order, never two at once.</summary>
public interface IResultOutput
{
    /// <summary>
    /// Delivers one result. The next exchange begins only after this returns. It must not throw: whoever delivers
    /// results has to see to it that none is lost silently.
    /// </summary>
    void Write(ExchangeOutcome outcome);
}
