namespace AccioKestrel.Checker;

/// <summary>
/// The temporary folder of this run of the checker, with a folder in it for each program and file. It is deleted as a whole at the end, when
/// no program is left that could write into it.
/// </summary>
internal static class SessionFolder
{
    private const int MostRounds = 20;

    private static readonly Lock s_lock = new();
    private static string? s_path;
    private static int s_count;
    private static bool s_isOver;

    /// <summary>Makes a folder, and starts what works in it. After the end nothing is started: an interrupted check goes on until its next step.</summary>
    public static T Start<T>(Func<string, T> start)
    {
        lock (s_lock)
        {
            if (s_isOver)
            {
                throw new OperationCanceledException();
            }

            s_path ??= Directory.CreateTempSubdirectory("accio-check-").FullName;
            return start(Directory.CreateDirectory(Path.Combine(s_path, CheckContext.Number(++s_count))).FullName);
        }
    }

    /// <summary>Ends all programs, and deletes the folder.</summary>
    public static async Task EndAsync()
    {
        lock (s_lock)
        {
            s_isOver = true;
        }

        for (var round = 0; s_path is not null && round < MostRounds; round++)
        {
            await ProgramRun.KillAllAsync();
            if (TryDelete(s_path))
            {
                return;
            }

            await Task.Delay(10);
        }
    }

    /// <summary>Deletes a folder, unless a program has made it undeletable or still writes into it.</summary>
    public static bool TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
