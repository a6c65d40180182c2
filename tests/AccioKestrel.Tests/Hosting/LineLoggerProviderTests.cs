using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace AccioKestrel.Tests.Hosting;

/// <summary>The log's own way to standard error, with fake time and a reader that can be stuck.</summary>
public sealed class LineLoggerProviderTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly SlowWriter _writer = new();
    private readonly LineLoggerProvider _provider;
    private readonly ILogger _logger;

    public LineLoggerProviderTests()
    {
        _provider = new LineLoggerProvider(_writer, _time);
        _logger = _provider.CreateLogger("Category");
    }

    [Fact]
    public void Line_AfterAQuietTime_IsWrittenAtOnce()
    {
        Log(1);
        _time.Advance(TimeSpan.Zero);
        Assert.Equal("info: Category[1] message 1\n", _writer.Text);
    }

    [Fact]
    public void Lines_InAHurry_WaitForATenthOfASecondAndComeTogetherInOrder()
    {
        Log(1);
        _time.Advance(TimeSpan.Zero);
        Log(2);
        Log(3);
        _time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.Equal("info: Category[1] message 1\n", _writer.Text);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("info: Category[1] message 1\ninfo: Category[2] message 2\ninfo: Category[3] message 3\n", _writer.Text);
        Assert.Equal(2, _writer.Writes);
    }

    [Fact]
    public void Exception_IsOnTheSameLine()
    {
        _logger.Log(LogLevel.Error, new EventId(7), "state", new InvalidOperationException("two\nlines"), (state, _) => state);
        _time.Advance(TimeSpan.Zero);
        Assert.Equal("fail: Category[7] state System.InvalidOperationException: two lines\n", _writer.Text);
    }

    [Fact]
    public void Lines_ThatNobodyReads_AreLeftOutAndCounted()
    {
        const int many = 100_000;
        for (var i = 0; i < many; i++)
        {
            Log(i);
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        var lines = _writer.Text.TrimEnd('\n').Split('\n');
        Assert.InRange(lines.Length, 10_000, many);
        Assert.Equal(
            FormattableString.Invariant($"warn: AccioKestrel[0] {many - lines.Length + 1} lines left out, for nobody read them"), lines[^1]);
        // And then all is well again.
        Log(5);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.EndsWith("\ninfo: Category[5] message 5\n", _writer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void ClosedStandardError_IsNoReasonToFail()
    {
        _writer.IsClosed = true;
        Log(1);
        _time.Advance(TimeSpan.Zero);
        _writer.IsClosed = false;
        Log(2);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("info: Category[2] message 2\n", _writer.Text);
    }

    [Fact]
    public void Dispose_WritesWhatIsLeft()
    {
        Log(1);
        _provider.Dispose();
        Assert.Equal("info: Category[1] message 1\n", _writer.Text);
    }

    public void Dispose()
    {
        _provider.Dispose();
        _writer.Dispose();
    }

    private void Log(int number) => _logger.Log(
        LogLevel.Information, new EventId(number), number, exception: null, (state, _) => state.ToString("'message '0", CultureInfo.InvariantCulture));

    private sealed class SlowWriter : TextWriter
    {
        private readonly StringBuilder _text = new();

        public string Text => _text.ToString();

        public int Writes { get; private set; }

        public bool IsClosed { get; set; }

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(ReadOnlySpan<char> buffer) => _ = IsClosed ? throw new IOException("closed") : _text.Append(buffer);

        public override void Flush() => Writes++;
    }
}
