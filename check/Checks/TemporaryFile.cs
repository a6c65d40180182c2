namespace AccioKestrel.Checker;

/// <summary>A file for the program under check.</summary>
internal sealed class TemporaryFile : IAsyncDisposable
{
    private readonly string _folder = SessionFolder.Start(folder => folder);

    public string Path => System.IO.Path.Combine(_folder, "file.bin");

    public ValueTask DisposeAsync()
    {
        SessionFolder.TryDelete(_folder);
        return ValueTask.CompletedTask;
    }
}
