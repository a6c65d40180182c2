using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace AccioKestrel.Fuzz;

/// <summary>Plays a script to its reader: each wait of the reader is one more step, with a buffer of as many pieces as came.</summary>
internal class ScriptReader(Script script, ScriptTime time, Action stop) : PipeReader
{
    private Piece? _first;
    private Piece? _last;
    private long _consumed;
    private long _examined;
    private int _step;
    private bool _stopped;
    private TimeSpan _passed;

    protected bool Ended { get; private set; }

    protected bool IsCanceled { get; private set; }

    protected long Unread => (_last?.End ?? 0) - _consumed;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (_examined == (_last?.End ?? 0) && !Ended && !IsCanceled)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Play();
        }

        var buffer = Unread == 0 ? default : new ReadOnlySequence<byte>(_first!, (int)(_consumed - _first!.RunningIndex), _last!, _last!.Memory.Length);
        return ValueTask.FromResult(new ReadResult(buffer, TakeCanceled(), Ended));
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (consumed.GetObject() is not Piece)
        {
            return;
        }

        Forget(Offset(consumed));
        _examined = Math.Max(_examined, Math.Max(Offset(examined), _consumed));
    }

    public override void CancelPendingRead() => IsCanceled = true;

    public override bool TryRead(out ReadResult result) => throw new NotSupportedException();

    public override void Complete(Exception? exception = null)
    {
    }

    protected bool TakeCanceled()
    {
        var canceled = IsCanceled;
        IsCanceled = false;
        return canceled;
    }

    protected void Forget(long until)
    {
        _consumed = until;
        while (_first is not null && _first != _last && _first.End <= _consumed)
        {
            _first = (Piece?)_first.Next;
        }
    }

    protected void ForgetAll()
    {
        Forget(_last?.End ?? 0);
        _examined = _consumed;
    }

    /// <summary>The next thing that happens to a reader that waits.</summary>
    protected void Play()
    {
        if (_step < script.Steps.Count)
        {
            var (silence, bytes) = script.Steps[_step];
            _passed += time.Pass(silence - _passed);
            // A timer can be due in the middle of a silence. The reader handles it before the rest of the silence passes.
            if (_passed >= silence && !(IsCanceled && silence > TimeSpan.Zero))
            {
                _step++;
                _passed = TimeSpan.Zero;
            }

            if (!bytes.IsEmpty)
            {
                Send(bytes);
            }

            return;
        }

        switch (script.End)
        {
            case ScriptEnd.HalfClose:
                SendEnd();
                Ended = true;
                break;
            case ScriptEnd.Reset:
                throw new ConnectionResetException("by the script");
            case ScriptEnd.Stop:
                if (_stopped)
                {
                    throw new ConnectionAbortedException("by the script");
                }

                _stopped = true;
                stop();
                break;
            default:
                time.Pass(TimeSpan.FromSeconds(60));
                break;
        }
    }

    /// <summary>What the client does with a piece of the script.</summary>
    protected virtual void Send(ReadOnlyMemory<byte> bytes) => Receive(bytes);

    /// <summary>What it does before it ends its sending side.</summary>
    protected virtual void SendEnd()
    {
    }

    /// <summary>Bytes have come over the wire.</summary>
    protected void Receive(ReadOnlyMemory<byte> bytes)
    {
        _last = new Piece(bytes, _last);
        _first = _first is null || Unread == bytes.Length ? _last : _first;
    }

    private static long Offset(SequencePosition position) => ((Piece)position.GetObject()!).RunningIndex + position.GetInteger();

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> bytes, Piece? before)
        {
            Memory = bytes;
            if (before is not null)
            {
                RunningIndex = before.End;
                before.Next = this;
            }
        }

        public long End => RunningIndex + Memory.Length;
    }
}
