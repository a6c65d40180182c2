namespace AccioKestrel.Tests.Terminal;

/// <summary>Lines that are longer than the terminal is wide.</summary>
public sealed class TerminalTextTests
{
    [Theory]
    [InlineData(0, "ERROR: a longer sentence", "ERROR: a longer sentence")]
    [InlineData(24, "ERROR: a longer sentence", "ERROR: a longer sentence")]
    [InlineData(23, "ERROR: a longer sentence", "ERROR: a longer\n  sentence")]
    [InlineData(15, "ERROR: a longer sentence", "ERROR: a longer\n  sentence")]
    [InlineData(10, "ERROR: a longer sentence", "ERROR: a\n  longer\n  sentence")]
    [InlineData(8, "ERROR: a longer sentence", "ERROR: a\n  longer\n  senten\n  ce")]
    [InlineData(10, "  127.0.0.1  ok", "  127.0.0.\n  1  ok")]
    [InlineData(12, "  127.0.0.1  ok", "  127.0.0.1\n  ok")]
    [InlineData(1, "abc", "a\n  b\n  c")]
    public void Wrap_BreaksAtBlanks(int width, string text, string rows) => Assert.Equal(rows, TerminalText.Wrap(text, width));
}
