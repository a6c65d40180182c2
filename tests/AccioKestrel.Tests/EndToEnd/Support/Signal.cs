namespace AccioKestrel.Tests.EndToEnd;

/// <summary>Signals by their Linux numbers: those that end the server, and those that hold a process up and let it go on.</summary>
public enum Signal
{
    Interrupt = 2,
    Quit = 3,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}
