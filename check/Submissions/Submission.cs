namespace AccioKestrel.Checker;

/// <summary>A folder that was handed in: where its server or client is.</summary>
internal sealed class Submission(string folder)
{
    private static readonly string[] s_servers = ["server-s.py", "server.py", "accio-server.py"];
    private static readonly string[] s_clients = ["client.py", "accio-client.py"];

    public string Folder { get; } = Path.GetFullPath(folder);

    public string Name => Path.GetFileName(Folder);

    /// <summary>The server of the course's name, wherever in the folder it is; null if there is none.</summary>
    public string? Server => Find(s_servers);

    public string? Client => Find(s_clients);

    /// <summary>The files of the submission, by their paths in it. What git keeps for itself is left out.</summary>
    public IEnumerable<string> Files =>
        Directory.EnumerateFiles(Folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true })
            .Select(file => Path.GetRelativePath(Folder, file))
            .Where(file => !file.Split('/').Contains(".git", StringComparer.Ordinal))
            .Order(StringComparer.Ordinal);

    private string? Find(string[] names) =>
        names.SelectMany(name => Files.Where(file => string.Equals(Path.GetFileName(file), name, StringComparison.Ordinal)).OrderBy(file => file.Length))
            .Select(file => Path.Combine(Folder, file)).FirstOrDefault();
}
