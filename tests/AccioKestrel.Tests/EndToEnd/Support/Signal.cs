namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The signals that stop the server, by their Linux numbers.</summary>
public enum Signal
{
    Interrupt = 2,
    Quit = 3,
    Terminate = 15,
}
