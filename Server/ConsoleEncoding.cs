using System.Text;

namespace AccioKestrel.Server;

/// <summary>Makes sure that the console has an encoding, which the first write to it needs.</summary>
internal static class ConsoleEncoding
{
    /// <summary>Falls back to UTF-8 when the runtime cannot parse LANG or LC_ALL, for example a value that begins with a dot.</summary>
    public static void Ensure()
    {
        try
        {
            _ = Console.OutputEncoding;
        }
        catch (ArgumentException)
        {
            Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        }
    }
}
