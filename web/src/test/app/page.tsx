/** A chat in a third-party app, in StrictMode, which mounts everything twice. */
import { memo, StrictMode, useState, type FormEvent } from 'react';
// @ts-expect-error the types of react-dom are not installed, and nothing here needs them
import { createRoot } from 'react-dom/client';
import type { Message } from '@antiphon/client';
import { useAntiphonChat } from '@antiphon/react';

const parameters = new URLSearchParams(location.search);
const baseUrl = parameters.get('gateway') ?? undefined;
const workflow = parameters.get('workflow');

const Turn = memo(({ message }: { message: Message }) => (
  <li data-state={message.state} data-reason={message.finishReason ?? ''}>
    <b>{message.text}</b> <span className="answer">{message.answer}</span>
  </li>
));

function Chat({ session }: { session: string }) {
  const chat = useAntiphonChat({ baseUrl, session, user: 'somebody' });
  const [text, setText] = useState('');
  const question = chat.messages.find((message) => message.question)?.question;

  async function submit(event: FormEvent) {
    event.preventDefault();
    const done = await (question ? chat.answer(text) : chat.send(text, workflow ? { context: { workflow } } : {}));
    if (done) {
      setText('');
    }
  }

  return (
    <form onSubmit={submit}>
      <output id="status">{chat.status}</output>
      <ol>
        {chat.messages.map((message) => (
          <Turn key={message.id} message={message} />
        ))}
      </ol>
      <p id="question">{question?.text}</p>
      {question?.answers.map((answer) => (
        <button key={answer} type="button" className="choice" onClick={() => chat.answer(answer)}>
          {answer}
        </button>
      ))}
      <p id="error">{chat.error?.message}</p>
      <input value={text} onChange={(event) => setText(event.target.value)} />
      <button id="stop" type="button" onClick={chat.stop}>
        Stop
      </button>
    </form>
  );
}

function App() {
  const [session, setSession] = useState(`first_${parameters.get('run')}`);
  return (
    <>
      <button id="other" onClick={() => setSession(`other_${parameters.get('run')}`)}>
        Another session
      </button>
      <Chat session={session} />
    </>
  );
}

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
