using System.CommandLine;
using System.CommandLine.Parsing;
using AccioKestrel.Server;

namespace AccioKestrel.Checker;

/// <summary>What is wrong with the arguments, in this program's words: the parser's messages are about symbols and tokens.</summary>
internal static class Usage
{
    /// <returns>A sentence or two; null if the arguments are right.</returns>
    public static string? Problem(ParseResult arguments)
    {
        var command = arguments.CommandResult.Command;
        Token[] given = [.. arguments.Tokens.TakeWhile(token => token.Type is not TokenType.DoubleDash)];
        // A misspelt option is an argument to the parser, and an argument in front of the command one too many.
        if (given is [{ Type: TokenType.Argument, Value: var first }, ..])
        {
            return $"Unknown {(Spelling.LooksLikeAnOption(first) ? "option" : "command")} {Accio.Printable(first)}.{Suggestion(first, arguments.RootCommandResult.Command.Children)}";
        }

        if (given.FirstOrDefault(token => token.Type is TokenType.Argument && Spelling.LooksLikeAnOption(token.Value)) is { } unknown)
        {
            var name = unknown.Value.Split('=', ':')[0];
            var behind = command.Arguments.Any(argument => argument.Arity.MaximumNumberOfValues > 1) ? " The command under check stands behind --." : "";
            return $"Unknown option {Accio.Printable(name)}.{(Suggestion(name, command.Options) is { Length: > 0 } suggestion ? suggestion : behind)}";
        }

        return arguments.Errors is [] ? null
            : command.Subcommands.Any() ? $"A command is missing: {string.Join(", ", command.Subcommands.Select(each => each.Name))}."
            : arguments.UnmatchedTokens is [var extra, ..] ? $"'{Accio.Printable(extra)}' is one argument too many."
            : arguments.Errors[0] is var error && error.SymbolResult switch
            {
                ArgumentResult { Argument: var missing, Tokens: [], Parent: CommandResult } => $"{missing.Name} is missing: {Lower(missing.Description!)}",
                OptionResult { Option: var option } result => Misused(option, result),
                ArgumentResult { Parent: OptionResult { Option: var option } result } => Misused(option, result),
                _ => null,
            } is { } misused ? misused : error.Message;
    }

    /// <summary>The end of a message about a misspelt name; nothing if none is near.</summary>
    public static string Suggestion(string word, IEnumerable<string> names) => Spelling.Nearest(word, names) is { } near ? $" Did you mean {near}?" : "";

    private static string Suggestion(string word, IEnumerable<Symbol> symbols) => Suggestion(word, symbols.Select(symbol => symbol.Name));

    private static string? Misused(Option option, OptionResult result) =>
        result.IdentifierTokenCount == 0 ? $"{option.Name} {option.HelpName} is missing: {Lower(option.Description!)}"
        : result.Tokens.Count == 0 ? $"{option.Name} takes {option.HelpName}, but no value follows it."
        : result.IdentifierTokenCount > 1 && option.Arity.MaximumNumberOfValues == 1 ? $"{option.Name} is given more than once."
        : null;

    private static string Lower(string sentence) => char.ToLowerInvariant(sentence[0]) + sentence[1..];
}
