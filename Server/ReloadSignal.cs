namespace AccioKestrel.Server;

/// <summary>
/// SIGHUP as the request to open or read files again. It stays a stop signal for a server that has nothing to reload, and for one on a
/// terminal: the kernel sends it when the terminal is closed, and results and log have no other place.
/// </summary>
internal static class ReloadSignal
{
    private static readonly Lock s_lock = new();

    /// <summary>Held during a reload, which can block on a file. <see cref="Remove"/> does not take it: a stop must not wait for a reload.</summary>
    private static readonly Lock s_reloading = new();

    private static Action? s_reload;
    private static Action? s_begins;
    private static Action? s_ended;

    /// <summary>Adds what opens or reads files again. It must not throw. All that was added is called in this order, never twice at a time.</summary>
    public static void Add(Action reload)
    {
        lock (s_lock)
        {
            s_reload += reload;
        }
    }

    /// <summary>
    /// Tells a service manager of each reload. It has its own way to stop the server, so SIGHUP is a reload even if there is nothing to
    /// reload.
    /// </summary>
    public static void OnReload(Action begins, Action ended)
    {
        lock (s_lock)
        {
            s_begins += begins;
            s_ended += ended;
        }
    }

    public static void Remove(Action reload)
    {
        lock (s_lock)
        {
            s_reload -= reload;
        }
    }

    /// <returns>False if SIGHUP must stop the server.</returns>
    public static bool TryRaise()
    {
        // On Windows the runtime reports the end of the console as SIGHUP.
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected || !Console.IsErrorRedirected)
        {
            return false;
        }

        lock (s_reloading)
        {
            Action? begins, reload, ended;
            lock (s_lock)
            {
                (begins, reload, ended) = (s_begins, s_reload, s_ended);
            }

            begins?.Invoke();
            reload?.Invoke();
            ended?.Invoke();
            return (reload ?? begins) is not null;
        }
    }
}
