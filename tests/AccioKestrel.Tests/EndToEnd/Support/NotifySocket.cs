using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace AccioKestrel.Tests.EndToEnd;

/// <summary>The socket on which systemd receives the notifications of its services.</summary>
internal sealed class NotifySocket : IDisposable
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"accio-{Guid.NewGuid():N}");
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    public NotifySocket() => _socket.Bind(new UnixDomainSocketEndPoint(_path));

    public (string Name, string Value) Variable => ("NOTIFY_SOCKET", _path);

    /// <summary>The next notification.</summary>
    public async Task<string> NextAsync()
    {
        var buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, await _socket.ReceiveAsync(buffer).OrGiveUp());
    }

    /// <summary>Reads notifications up to the first one in which a pattern is found.</summary>
    /// <returns>All that were read.</returns>
    public async Task<IReadOnlyList<string>> UntilAsync(string pattern)
    {
        var read = new List<string>();
        for (var end = DateTime.UtcNow + Patience.Limit; read.Count == 0 || !Regex.IsMatch(read[^1], pattern, RegexOptions.None, Patience.Limit);)
        {
            Assert.True(DateTime.UtcNow < end, $"No notification {pattern} but:\n{string.Join('\n', read)}");
            read.Add(await NextAsync());
        }

        return read;
    }

    /// <summary>Reads notifications until so many of one kind have come.</summary>
    public async Task UntilAsync(string pattern, int count)
    {
        for (; count > 0; count--)
        {
            await UntilAsync(pattern);
        }
    }

    /// <summary>Reads what has come.</summary>
    public async Task DrainAsync()
    {
        while (_socket.Poll(TimeSpan.Zero, SelectMode.SelectRead))
        {
            await NextAsync();
        }
    }

    /// <summary>Watches for so many seconds that no notification of one kind comes.</summary>
    public async Task ExpectNoneAsync(string text, double seconds)
    {
        for (var end = DateTime.UtcNow.AddSeconds(seconds); end - DateTime.UtcNow is var left && left > TimeSpan.Zero;)
        {
            if (_socket.Poll(left < s_look ? left : s_look, SelectMode.SelectRead))
            {
                Assert.DoesNotContain(text, await NextAsync(), StringComparison.Ordinal);
            }
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        File.Delete(_path);
    }
}
