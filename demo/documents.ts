export type DemoDocument = {
  readonly id: string;
  readonly kind: "castle" | "gate" | "network";
  readonly title: string;
  readonly body: string;
  readonly year: number;
};

const places = [
  ["Aldermoor", "on a chalk hill above the ford"],
  ["Brackenfell", "where two valleys meet"],
  ["Cinderhaugh", "at the edge of the salt marsh"],
  ["Dunwick", "on a spur between the river and the sea"],
  ["Eskholm", "on an island in the lake"],
  ["Farrowgate", "across the old pass road"],
  ["Greywater", "beside the mill weir"],
  ["Hollinstone", "over the quarry that built it"],
  ["Ironmere", "at the head of the mine track"],
  ["Juniper Knoll", "above the drovers' market"],
] as const;

const castleParts = [
  ["keep", "walls as thick as a cart is long and one stair that turns against the attacker"],
  ["curtain wall", "eight towers, each within bowshot of the next"],
  ["barbican", "a killing passage that bends twice before it reaches the yard"],
  ["moat", "a ditch kept full by a sluice that only the miller may open"],
  ["gatehouse", "two portcullises and a chamber between them for questions"],
  ["postern", "a door for one person at a time, hidden from the road"],
  ["bailey", "stables, a well and room for every farmer with his beasts"],
  ["watchtower", "a beacon that three other castles can see"],
  ["chapel", "a window that looks at the causeway, for pious sentries"],
  ["cistern", "water for a garrison of ninety through a dry summer"],
] as const;

const gateKinds = [
  ["north gate", "It opens at dawn for carts and closes when the bell has rung nine times."],
  ["water gate", "Boats pay here, and an iron grille goes down to the river bed at night."],
  ["postern gate", "The warden knows every face that may use it and turns the others away without a word."],
  ["market gate", "On fair days the guard counts the guests and lets in no more than the square can hold."],
  [
    "sally port",
    "It is left unlocked from the inside only, so that the garrison can go out and nobody can come in.",
  ],
  ["toll gate", "The list of those who pass free hangs on the door, and it is read aloud each morning."],
  ["pilgrims' gate", "A token from the abbey opens it, and a token taken back closes it the same hour."],
  ["garden gate", "It joins the two yards so that neither household sees the other's rooms."],
  ["drawbridge", "When the lord says so it is raised at once, whoever stands on it."],
  ["wicket", "A small door in the great one: the way in for a messenger when the gate stays shut."],
] as const;

const networkParts = [
  ["private endpoint", "gives a consumer an address of their own and shows nothing of the network behind it"],
  ["gateway", "carries each connection to a healthy node and keeps the addresses of the nodes to itself"],
  ["whitelist", "names the accounts that may ask, and an empty one means that nobody else may"],
  ["session cap", "lets in so many connections at once and counts those it had to turn away"],
  ["subnet", "lends an address to every endpoint and takes it back when the endpoint is deleted"],
  ["health check", "asks each node how it is before any client has to find out"],
  ["access log", "remembers who came through which gate, and when, and how much they carried"],
  ["route table", "knows the next hop and has no opinion on who deserves to reach it"],
  ["name server", "answers inside the castle and stays silent outside its walls"],
  ["firewall", "is a wall with gates; its strength is that of the gate nobody remembers"],
] as const;

function castle([place, where]: (typeof places)[number], at: number, index: number): DemoDocument {
  const [part, detail] = castleParts[at] ?? castleParts[0];
  const title = `The ${part} of ${place} Castle`;
  const body = `${place} Castle stands ${where}. Its ${part} has ${detail}.`;
  return { id: `castle-${index}`, kind: "castle", title, body, year: 1080 + ((index * 37) % 420) };
}

function gate([place, where]: (typeof places)[number], at: number, index: number): DemoDocument {
  const [name, habit] = gateKinds[at] ?? gateKinds[0];
  const title = `The ${name} of ${place}`;
  const body = `The ${name} of ${place}, the town ${where}, is the gate that strangers remember. ${habit}`;
  return { id: `gate-${index}`, kind: "gate", title, body, year: 1100 + ((index * 53) % 400) };
}

function network([place]: (typeof places)[number], at: number, index: number): DemoDocument {
  const [part, duty] = networkParts[at] ?? networkParts[0];
  const title = `${place} network: the ${part}`;
  const body = `In the ${place} network the ${part} ${duty}. The builders of castles would have understood.`;
  return { id: `network-${index}`, kind: "network", title, body, year: 1994 + ((index * 7) % 32) };
}

/** Three hundred short documents about castles, gates and networks; the same ones every time. */
export function demoDocuments(): DemoDocument[] {
  return [castle, gate, network].flatMap((write) =>
    places.flatMap((place, row) =>
      castleParts.map((_, at) => write(place, at, row * castleParts.length + at)),
    ),
  );
}
