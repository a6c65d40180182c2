namespace AccioKestrel.Checker;

/// <summary>A file for the program under check.</summary>
internal sealed class TemporaryFile : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("accio-check-").FullName;

    public string Path => System.IO.Path.Combine(_folder, "file.bin");

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
