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
        _provider = new LineLoggerProvider(_writer, LogLine.AppendText, _time);
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
    public void Lines_ThatAreNotRead_AreDroppedAndCounted()
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
            FormattableString.Invariant($"warn: AccioKestrel[0] {many - lines.Length + 1} log lines dropped: standard error was not being read"), lines[^1]);
        // And then all is well again.
        Log(5);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.EndsWith("\ninfo: Category[5] message 5\n", _writer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reader_ThatIsStuck_HoldsUpOneThreadAtMost()
    {
        var time = new ManualTime();
        using var provider = new LineLoggerProvider(_writer, LogLine.AppendText, time);
        var logger = provider.CreateLogger("Category");
        Log(logger, 1);
        _writer.HoldsUp = true;
        var write = Task.Run(time.Timer.Fire, TestContext.Current.CancellationToken);
        await Patience.UntilEqual(true, () => _writer.IsHeldUp);

        // The thread of a second write would wait for the first one.
        Log(logger, 2);
        Assert.False(time.Timer.IsDue);

        _writer.HoldsUp = false;
        await write.OrGiveUp();
        Assert.True(time.Timer.IsDue);
        time.Timer.Fire();
        Assert.Equal("info: Category[1] message 1\ninfo: Category[2] message 2\n", _writer.Text);
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

    private void Log(int number) => Log(_logger, number);

    private static void Log(ILogger logger, int number) => logger.Log(
        LogLevel.Information, new EventId(number), number, exception: null, (state, _) => state.ToString("'message '0", CultureInfo.InvariantCulture));

    /// <summary>A clock that stands, and a timer that the test fires.</summary>
    private sealed class ManualTime : TimeProvider
    {
        public ManualTimer Timer { get; private set; } = null!;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            Timer = new ManualTimer(() => callback(state));
    }

    private sealed class ManualTimer(Action callback) : ITimer
    {
        public bool IsDue { get; private set; }

        public void Fire()
        {
            IsDue = false;
            callback();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => IsDue = true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class SlowWriter : TextWriter
    {
        private readonly StringBuilder _text = new();
        private readonly ManualResetEventSlim _passes = new(initialState: true);

        public string Text => _text.ToString();

        public int Writes { get; private set; }

        public bool IsClosed { get; set; }

        /// <summary>Whether a write does not return.</summary>
        public bool HoldsUp
        {
            set => (value ? (Action)_passes.Reset : _passes.Set)();
        }

        public bool IsHeldUp { get; private set; }

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(ReadOnlySpan<char> buffer)
        {
            IsHeldUp = !_passes.IsSet;
            _passes.Wait();
            _ = IsClosed ? throw new IOException("closed") : _text.Append(buffer);
        }

        public override void Flush() => Writes++;

        protected override void Dispose(bool disposing)
        {
            _passes.Dispose();
            base.Dispose(disposing);
        }
    }
}
