import { Title } from "../parts/title.tsx";

export function NotFound() {
  return (
    <>
      <Title>No such page</Title>
      <p>
        Nothing is at this address. Begin with the <a href="/">overview</a>.
      </p>
    </>
  );
}
