namespace AccioKestrel.Testing;

/// <summary>The working tree that the tests were built from.</summary>
internal static class Repository
{
    private static readonly string s_root = FindRoot();

    /// <param name="path">Relative to the root.</param>
    public static string PathOf(string path) => Path.Combine(s_root, path);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "AccioKestrel.slnx")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run in their working tree.");
        }

        return folder.FullName;
    }
}
