using System.Text;
using CsCheck;

namespace AccioKestrel.Tests.Exchange;

/// <summary>Arbitrary streams in arbitrary pieces, against a model that sees the whole stream at once.</summary>
public sealed class ExchangePropertyTests
{
    private const string Header = "confirm-accio\r\nconfirm-accio-again\r\n\r\n";
    private const string ShortHeader = "confirm-accio\r\nconfirm-accio-again\r\n";

    /// <summary>Streams near the protocol: the header whole, cut, damaged or repeated, and files that look like it.</summary>
    private static readonly Gen<string> s_stream = Gen.OneOf(
        Gen.String[Gen.Char["\r\nconfirm-accio again#"], 0, 60],
        Gen.Select(Gen.Const(Header), File(), (header, file) => header + file),
        Gen.Select(Gen.Const(ShortHeader), File(), (header, file) => header + file),
        Gen.Int[0, Header.Length].Select(length => Header[..length]),
        Gen.Select(Gen.Int[0, Header.Length - 1], Gen.Char["\r\n#-ac"], File(), (at, wrong, file) =>
            string.Concat(Header.AsSpan(0, at), [wrong], Header.AsSpan(at + 1), file)));

    private static readonly Gen<int[]> s_cuts = Gen.Int[0, 80].Array[0, 12];

    [Fact]
    public void Exchange_AnyStreamInAnyPieces_EndsAsTheModelSays() =>
        Gen.Select(s_stream, s_cuts, Gen.Bool).Sample((stream, cuts, lenient) =>
        {
            using var server = new ExchangeHarness(lenient);
            var client = server.Connect();
            foreach (var piece in Pieces(stream, cuts))
            {
                client.Send(Encoding.Latin1.GetBytes(piece));
            }

            client.End();
            Assert.Equal([Model(stream, lenient)], server.Lines);
        }, iter: 20_000);

    private static Gen<string> File() => Gen.OneOf(
        Gen.String[Gen.Char['\0', '\xff'], 0, 100],
        Gen.Const("\r\n"),
        Gen.Const("\r\n\r\n"),
        Gen.Const("\r"),
        Gen.Const(Header),
        Gen.Int[4_000, 9_000].Select(length => new string('x', length)));

    private static string Model(string stream, bool lenient)
    {
        var header = lenient && !stream.StartsWith(Header, StringComparison.Ordinal) ? ShortHeader : Header;
        return stream.StartsWith(header, StringComparison.Ordinal) ? $"{stream.Length - header.Length}" : "ERROR";
    }

    private static IEnumerable<string> Pieces(string stream, int[] cuts)
    {
        var at = 0;
        foreach (var length in cuts.Select(cut => Math.Min(cut, stream.Length - at)))
        {
            yield return stream.Substring(at, length);
            at += length;
        }

        yield return stream[at..];
    }
}
