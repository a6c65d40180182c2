namespace AccioKestrel.Testing;

/// <summary>Signals by their Linux numbers: those that end the server, one that it takes for a reload, and those that hold a process up and let it go on.</summary>
public enum Signal
{
    Hangup = 1,
    Interrupt = 2,
    Quit = 3,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}
