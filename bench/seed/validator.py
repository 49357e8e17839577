"""The reference's design, as a benchmark peer: one HTTP call validates one record (FastAPI, Pydantic v2, uvicorn)."""

from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

app = FastAPI()


class Shipment(BaseModel):
    model_config = ConfigDict(extra="forbid")
    shipment_id: str = Field(min_length=1)
    weight_kg: float = Field(gt=0)
    destination: str = Field(min_length=1)
    priority: int = Field(ge=1, le=3)


@app.post("/api/validate")
async def validate(request: Request):
    try:
        body = await request.json()
    except ValueError as error:
        return {"status": "FAILED", "reason": "Not JSON", "errors": [str(error)]}
    try:
        shipment = Shipment.model_validate(body)
    except ValidationError as error:
        return {"status": "FAILED", "reason": "Schema validation failed", "errors": error.errors(include_url=False), "received_payload": body}
    if shipment.weight_kg > 1000:
        return {"status": "FAILED", "reason": "Business rule violation", "errors": ["weight_kg exceeds maximum allowed limit"], "received_payload": body}
    return {"status": "PASSED", "clean_data": shipment.model_dump()}
